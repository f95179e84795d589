import './zod-without-eval.js';
import { render } from 'preact';
import { findSession } from './api/session.js';
import { App } from './app.js';
import { followAddress } from './ui/route.js';
import { followChoices } from './ui/theme.js';

followChoices();
followAddress();
void findSession();
render(<App />, document.getElementById('app')!);
