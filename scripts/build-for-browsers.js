import { cpSync } from 'node:fs'
import { build } from 'esbuild'

/** The files that the gateway serves to browsers: `dist/client.js` and the files in `dist/console`. */
export async function buildForBrowsers() {
  const common = { bundle: true, minify: true, logLevel: 'warning' }
  await build({
    ...common,
    entryPoints: {
      client: 'client/index.ts',
      'console/console': 'console/main.ts',
      'console/theme': 'console/theme.ts',
    },
    outdir: 'dist',
    format: 'esm',
    target: 'es2022',
  })
  await build({ ...common, entryPoints: ['console/console.css'], outdir: 'dist/console' })
  cpSync('node_modules/uplot/LICENSE', 'dist/console/uplot.LICENSE') // what is in console.js asks for it
  for (const file of ['index.html', 'icon.svg']) cpSync(`console/${file}`, `dist/console/${file}`)
}
