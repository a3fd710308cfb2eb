import { writeFile } from 'node:fs/promises'
import { packageFile } from '../src/support/package.js'
import { pages } from './docs-pages.js'

for (const [path, text] of Object.entries(pages())) await writeFile(packageFile(path), text)
