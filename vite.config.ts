/**
 * The dashboard's build: src/dashboard into dist/web, as the platform serves it. Its page lies at the root of that folder, where the
 * single-page fallback looks for it, and all else under /dashboard, so that no path of the API is taken.
 */
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/**
 * Each icon comes in six weights, of which nobody uses these: half of what icons weigh, and some 10 KB of what a browser loads first.
 */
const withoutIconWeights: Plugin = {
  name: 'without-icon-weights',
  transform: {
    filter: { id: /@phosphor-icons\/react\/dist\/defs\// },
    handler: (code) => ({ code: code.replace(/\[\s*"(thin|light|duotone)",[\s\S]*?\n {2}\],?/g, ''), map: null }),
  },
};

export default defineConfig({
  root: 'src/dashboard',
  plugins: [tailwindcss(), react(), withoutIconWeights],
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    assetsDir: 'dashboard/assets',
    // Nothing as a data: address, which the content security policy would have to allow.
    assetsInlineLimit: 0,
    // Every browser that has light-dark(), which the colours need, preloads modules by itself.
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
    manifest: true,
  },
});
