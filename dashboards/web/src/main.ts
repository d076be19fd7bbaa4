// Starts the console: preferences, address, live picture, screen.

import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./App.svelte";
import { live } from "./state/live.svelte";
import { prefs } from "./state/prefs.svelte";
import { router } from "./state/router.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app");

prefs.load();
router.start();
live.start();
mount(App, { target });
