import { useState } from 'preact/hooks';
import { avatarUrl } from '../model/text-parts.js';
import { useAccount } from './account-context.js';

interface AvatarProps {
  name: string;
  /** The id of the user or group, which determines the colour. */
  id: number;
  url: string;
  /** undefined: no presence dot */
  isOnline?: boolean;
  isGroup?: boolean;
  isLarge?: boolean;
}

const colours = 8;

/** A picture, or the initial of the name. Hidden from screen readers, since the name is beside it. */
export function Avatar({ name, id, url, isOnline, isGroup = false, isLarge = false }: AvatarProps) {
  const { config } = useAccount();
  const [broken, setBroken] = useState('');
  const picture = avatarUrl(url, config.msfsUrl, config.imageOrigins);
  return (
    <span
      class={`avatar colour-${id % colours}${isGroup ? ' of-group' : ''}${isLarge ? ' large' : ''}`}
      aria-hidden="true"
    >
      {picture !== undefined && picture !== broken ? (
        <img src={picture} alt="" loading="lazy" onError={() => setBroken(picture)} />
      ) : (
        <span>{initialOf(name)}</span>
      )}
      {isOnline !== undefined && <span class={`dot ${isOnline ? 'is-online' : 'is-offline'}`} />}
    </span>
  );
}

/** The last character of a Chinese name, as colleagues address each other; the first letter of other names. */
function initialOf(name: string): string {
  const characters = [...name.trim()];
  const last = characters.at(-1) ?? '?';
  return /\p{Script=Han}/u.test(last) ? last : (characters[0] ?? '?').toUpperCase();
}
