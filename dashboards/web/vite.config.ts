// How the console is built: one script and one style sheet, no inlined assets (the gateway's
// Content-Security-Policy is `default-src 'self'`), tested in Node.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const gateway = process.env.WEIR_GATEWAY ?? "http://127.0.0.1:8080";
// Without the shorthand: that would change the Host, and the gateway refuses acts from foreign pages.
const proxy = Object.fromEntries(["/api", "/healthz", "/readyz", "/metrics"].map((path) => [path, { target: gateway }]));

export default defineConfig({
  plugins: [svelte()],
  build: {
    // Browsers of 2022 and later; older ones lack the timeouts of fetch.
    target: ["chrome105", "firefox110", "safari16"],
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // During development the API comes from a gateway, or from dev/mock.mjs.
  server: { proxy },
  preview: { proxy },
  test: {
    environment: "node",
    include: ["tests/**/*.test.ts"],
    testTimeout: 20_000,
  },
  // The tests drive the same reactive classes as the browser, not the server-rendering ones.
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
});
