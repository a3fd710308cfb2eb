import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFile } from '../../src/support/package.js'
import { goModule, INSTALL, jars, run } from './workshop.js'

/** One way to make a client from openapi.yaml. */
export interface Generator {
  /** The name of its folder below `programs/`. */
  readonly name: string
  readonly language: 'python' | 'go' | 'java' | 'typescript'
  /** The commands that a machine must have; everything else is installed. */
  readonly needs: readonly string[]
  /** What is installed before it runs. */
  readonly tools: readonly (keyof typeof INSTALL)[]
  /** The command that generates the client, in the folder of the program. */
  readonly generate: string
  /** Compiles the program with the generated client, and returns the command that runs it. */
  compile(folder: string, program: string): Promise<readonly string[]>
}

const OPENAPI = packageFile('openapi.yaml')

const fromJar = (options: string): string =>
  `openapi-generator-cli generate --input-spec openapi.yaml --output carillon ${options}`
/** Clients for Go and Java refuse members that they do not know, unless they are told otherwise: a newer gateway may send more. */
const TOLERANT = 'disallowAdditionalPropertiesIfNotPresent=false'
const GO = `--package-name carillon --additional-properties withGoMod=false,${TOLERANT} --global-property apiTests=false`
const JAVA = `--invoker-package carillon --api-package carillon.api --model-package carillon.model --additional-properties ${TOLERANT}`

export const GENERATORS: readonly Generator[] = [
  {
    name: 'openapi-generator-python',
    language: 'python',
    needs: ['python3', 'java'],
    tools: ['python'],
    generate:
      'openapi-generator-cli generate --input-spec openapi.yaml --output . --generator-name python --package-name carillon',
    compile: checkPython,
  },
  {
    name: 'openapi-python-client',
    language: 'python',
    needs: ['python3'],
    tools: ['python'],
    generate: 'openapi-python-client generate --path openapi.yaml --meta none --output-path carillon',
    compile: checkPython,
  },
  {
    name: 'openapi-generator-go',
    language: 'go',
    needs: ['python3', 'java', 'go'],
    tools: ['python', 'go'],
    generate: fromJar(`--generator-name go ${GO}`),
    compile: buildGo,
  },
  {
    name: 'oapi-codegen',
    language: 'go',
    needs: ['go'],
    tools: ['go'],
    generate:
      'mkdir -p carillon && oapi-codegen -generate types,client -package carillon -o carillon/carillon.go openapi.yaml',
    compile: buildGo,
  },
  {
    name: 'java-okhttp-gson',
    language: 'java',
    needs: ['python3', 'java', 'javac', 'mvn'],
    tools: ['python'],
    generate: fromJar(`--generator-name java --library okhttp-gson ${JAVA}`),
    compile: compileJava,
  },
  {
    name: 'java-native',
    language: 'java',
    needs: ['python3', 'java', 'javac', 'mvn'],
    tools: ['python'],
    generate: fromJar(`--generator-name java --library native ${JAVA}`),
    compile: compileJava,
  },
  {
    name: 'typescript-fetch',
    language: 'typescript',
    needs: ['python3', 'java'],
    tools: ['python'],
    generate: fromJar('--generator-name typescript-fetch'),
    compile: checkTypeScript,
  },
  {
    name: 'hey-api',
    language: 'typescript',
    needs: ['npm'],
    tools: ['node'],
    generate: 'openapi-ts --input openapi.yaml --output carillon',
    compile: checkTypeScript,
  },
  {
    name: 'openapi-fetch',
    language: 'typescript',
    needs: [],
    tools: [],
    generate: 'openapi-typescript openapi.yaml --output carillon.ts',
    compile: checkTypeScript,
  },
]

/** Installs the tools of a generator and runs it in a folder. */
export async function generate(
  { tools, generate }: Pick<Generator, 'tools' | 'generate'>,
  folder: string,
): Promise<void> {
  for (const tool of tools) await INSTALL[tool]()
  await cp(OPENAPI, join(folder, 'openapi.yaml'))
  await run(['sh', '-ec', generate], folder)
}

async function checkPython(folder: string, program: string): Promise<readonly string[]> {
  await run(['python', '-m', 'compileall', '-q', '.'], folder)
  // Errors inside the generated code are not ours; the program is checked against its types.
  await run(['mypy', '--strict', '--follow-imports=silent', `--cache-dir=${join(folder, '.mypy')}`, program], folder)
  return ['python', '-u', program]
}

async function buildGo(folder: string, program: string): Promise<readonly string[]> {
  await goModule(folder)
  await run(['go', 'vet', program], folder)
  const binary = join(folder, program.replace('.go', ''))
  await run(['go', 'build', '-o', binary, program], folder)
  return [binary]
}

async function compileJava(folder: string, program: string): Promise<readonly string[]> {
  const libraries = join(folder, 'jars')
  await jars(join(folder, 'carillon/pom.xml'), libraries)
  const classes = join(folder, 'classes')
  const path = `${classes}:${libraries}/*`
  const sources = `$(find carillon/src/main/java -name '*.java')`
  await run(['sh', '-ec', `javac -encoding UTF-8 -nowarn -d classes -cp 'jars/*' ${sources} ${program}`], folder)
  return ['java', '-Dfile.encoding=UTF-8', '-cp', path, program.replace('.java', '')]
}

async function checkTypeScript(folder: string, program: string): Promise<readonly string[]> {
  const compilerOptions = {
    ...{ target: 'ES2022', lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'], types: ['node'] },
    ...{ module: 'ESNext', moduleResolution: 'Bundler', strict: true, noEmit: true, skipLibCheck: true },
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: [program] }))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await run(['tsc', '--project', '.'], folder)
  return ['tsx', program]
}
