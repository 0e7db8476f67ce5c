import { defineConfig } from 'vitest/config';

// One browser, one story at a time: the machine that runs these is small, and the stories kill servers.
export default defineConfig({
  test: {
    include: ['e2e/**/*.spec.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
