/**
 * The lowest number of a conversation of two users: the lower user's id is in its upper half, the higher one's in its lower
 * half. Lower numbers are ids of groups.
 */
export const firstPair = 4_294_967_296;
