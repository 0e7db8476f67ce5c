import './ui/base.css';
import { mount } from 'svelte';
import { desk } from './app/desk.svelte';
import { settings } from './app/settings.svelte';
import { unlock } from './app/sound';
import App from './ui/App.svelte';

settings.dress();
for (const gesture of ['pointerdown', 'keydown'] as const) addEventListener(gesture, unlock, { once: true });
const target = document.getElementById('app');
if (target) mount(App, { target });
// Whoever follows an invitation is not to be led to a desk, whoever is logged in here.
if (location.pathname !== '/invite') void desk.start();
