// npm run build:server: what runs in production, in dist/. Stack traces name the functions, and dist/*.js as their
// place; `node --enable-source-maps` names our sources instead.
import { build } from './bundles/build.ts'

await build(['server.ts', 'cli.ts'], 'dist')
