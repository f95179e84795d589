/**
 * Makes one question of all that are the same and asked at a time. Who asks for the same while the answer is on its way
 * shares it: after a restart everybody asks for everything at once.
 */
export function shareAnswers<T>(ask: (since: number) => Promise<T>): (since: number) => Promise<T> {
  const underWay = new Map<number, Promise<T>>();
  return (since) => {
    let answer = underWay.get(since);
    if (!answer) {
      answer = ask(since).finally(() => underWay.delete(since));
      underWay.set(since, answer);
    }
    return answer;
  };
}
