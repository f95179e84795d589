import { render } from 'preact';
import { startApp } from './model/app.js';
import { applyPreferences } from './preferences.js';
import './style/index.css';
import { App } from './ui/App.js';

applyPreferences();
render(<App />, document.getElementById('app')!);
void startApp();
