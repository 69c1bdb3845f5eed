import { defineConfig } from 'vite';

// The same sources give the same bytes: names carry a hash of what is in them, and nothing of the machine goes in.
export default defineConfig({
  // Relative, so that the console works wherever an app has mapped the endpoints.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../Server/Console/assets',
    emptyOutDir: true,
    assetsDir: 'console',
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: 'console/licences.md' },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080', '/metrics': 'http://127.0.0.1:8080' } },
});
