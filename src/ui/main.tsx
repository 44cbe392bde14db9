import { render } from 'preact';
import { App } from './app.js';
import './styles/main.css';

const page = document.getElementById('page');
if (page) render(<App path={location.pathname} />, page);
