/** Everything that `npm run test:clients` installs below `.cache/clients`, with its version. */
export const VERSIONS = {
  pypi: {
    'openapi-generator-cli': '7.26.0',
    'openapi-python-client': '0.29.1',
    schemathesis: '4.32.5',
    mypy: '2.4.1',
    // What the generated Python clients import.
    attrs: '26.1.0',
    httpx: '0.28.1',
    pydantic: '2.14.4',
    'python-dateutil': '2.9.0.post0',
    'types-python-dateutil': '2.9.0.20261116',
    urllib3: '2.8.0',
  },
  npm: {
    // The last one that runs on Node 20.
    '@hey-api/openapi-ts': '0.95.0',
    typescript: '5.9.3',
  },
  go: {
    'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen': 'v2.8.2',
    'github.com/oapi-codegen/runtime': 'v1.9.0',
    'github.com/tmaxmax/go-sse': 'v0.12.0',
  },
  // The generated pom.xml names the libraries of a Java client, and their versions.
  maven: {
    'org.apache.maven.plugins:maven-dependency-plugin': '3.8.1',
  },
} as const
