import { TeamTalkError } from '@teamtalk/service-kit';
import express, { type RequestHandler } from 'express';
import type { BodyBudget } from './body-budget.js';

/** Reads the whole body, of any type, unless too many are being read. `locals` has the authenticated `app` or `hook`. */
export function readBody(budget: BodyBudget, maxBodyBytes: number): RequestHandler {
  const read = express.raw({ type: () => true, limit: maxBodyBytes });
  return (request, response, next) => {
    const { app, hook } = response.locals;
    const stranger = app || hook ? undefined : (request.ip ?? '');
    if (budget.take(request, response, stranger)) read(request, response, next);
    else next(new TeamTalkError('resource-exhausted', 'too many bodies are being read'));
  };
}
