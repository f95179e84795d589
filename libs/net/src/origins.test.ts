import { ConfigError } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { Origins } from './origins.js';

const chat = 'https://chat.example.com';
const other = 'https://other.example.com';
const parse = (text: string | undefined, unset: 'any' | 'none' = 'none') =>
  Origins.parse('ORIGINS', text, unset);

describe('Origins', () => {
  it('allows the listed origins', () => {
    const origins = parse(` ${chat}, http://127.0.0.1:8888 ,app://teamtalk`);
    expect([chat, 'http://127.0.0.1:8888', 'app://teamtalk'].map((each) => origins.allows(each))).toEqual([
      true,
      true,
      true,
    ]);
    expect([other, 'http://chat.example.com', 'null', undefined].some((each) => origins.allows(each))).toBe(
      false,
    );
    expect(origins.corsHeaders(chat)).toEqual({ 'access-control-allow-origin': chat, vary: 'origin' });
    for (const each of [other, undefined]) expect(origins.corsHeaders(each)).toEqual({ vary: 'origin' });
  });

  it('allows any origin for *, and any or none without a list', () => {
    for (const any of [parse('*'), parse(undefined, 'any')]) {
      for (const origin of [other, undefined]) {
        expect(any.allows(origin)).toBe(true);
        expect(any.corsHeaders(origin)).toEqual({ 'access-control-allow-origin': '*' });
      }
    }
    for (const none of [parse(''), parse(undefined)]) {
      expect(none.allows(other)).toBe(false);
      expect(none.corsHeaders(other)).toEqual({});
    }
  });

  it('refuses texts that no browser sends as an origin', () => {
    for (const wrong of [
      'chat.example.com',
      `${chat}/`,
      `${chat}/page`,
      `${chat}:443`,
      'https://Chat.example.com',
      'https://*.example.com',
    ]) {
      expect(() => parse(`${other},${wrong}`), wrong).toThrow(ConfigError);
    }
  });
});
