import { Type } from '@sinclair/typebox'

/** The settings that say who may do what; `src/config/config.ts` has them among its own. */
export const accessSettings = {
  API_KEYS: Type.Optional(
    Type.String({
      description:
        'API keys: the entries that `carillon key` prints, as a JSON array: [{"name":"backend","sha256":"…","publish":["*"]}].',
    }),
  ),
  API_KEYS_FILE: Type.Optional(
    Type.String({ description: 'File with such an array. It is read again when it changes.' }),
  ),
  JWT_SECRET: Type.Optional(
    Type.String({ description: 'Secret for tokens that are signed with HS256, at least 32 bytes.' }),
  ),
  JWT_SECRET_FILE: Type.Optional(
    Type.String({
      description:
        'File with such secrets, one per line. All of them are valid, so that you can rotate them. It is read again when it changes.',
    }),
  ),
  JWT_KEYS_FILE: Type.Optional(
    Type.String({
      description:
        'File with the public keys for RS256, ES256 and EdDSA: PEM, a JWK or a JWK Set. It is read again when it changes.',
    }),
  ),
  JWT_JWKS_URL: Type.Optional(
    Type.String({
      description:
        "URL of the identity provider's JWK Set (https, or http on localhost). It requires JWT_ISSUER and JWT_AUDIENCE.",
    }),
  ),
  JWT_JWKS_SECONDS: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 300,
    description:
      'Interval at which the JWK Set is fetched again. Removing a key ends the streams of the tokens that it signed.',
  }),
  JWT_ISSUER: Type.Optional(Type.String({ description: 'Accepted issuers (`iss`) of tokens, separated by commas.' })),
  JWT_AUDIENCE: Type.Optional(
    Type.String({
      description:
        'Accepted audiences (`aud`) of tokens, separated by commas. Default: only tokens without an audience are accepted.',
    }),
  ),
  JWT_TYPE: Type.Optional(
    Type.String({
      description: 'The only accepted `typ` of tokens, for example at+jwt. Default: JWT, at+jwt or none.',
    }),
  ),
  JWT_CLOCK_TOLERANCE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 300,
    default: 5,
    description: 'Tolerated difference between the clocks of the issuer and the gateway.',
  }),
  JWT_MAX_AGE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 31_536_000,
    default: 0,
    description: 'Maximum age of a token, counted from its `iat`, no matter its `exp`. 0 means that only `exp` counts.',
  }),
  JWT_CLAIM: Type.String({ minLength: 1, default: 'carillon', description: 'Claim with the rights of a token.' }),
  JWT_GRANTS: Type.Optional(
    Type.String({
      description:
        'Rights of every valid token, in addition to those of its claim, as JSON: {"subscribe":["user:{sub}:*"]}. {sub} is the subject of the token.',
    }),
  ),
  JWT_COOKIE: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      examples: ['session'],
      description: 'Name of the cookie in which browsers send their token. Default: none.',
    }),
  ),
  ANONYMOUS_GRANTS: Type.Optional(
    Type.String({
      description: 'Rights of anonymous clients, as JSON: {"subscribe":["public:*"]}. Default: none.',
    }),
  ),
  PUBLIC_PAGES: Type.String({
    default: 'openapi,docs,console',
    description:
      'Pages that anyone may see, separated by commas: metrics, openapi, docs, console, or none. The others require the right to inspect all channels.',
  }),
  ALLOW_ANYONE_WITHOUT_ACCESS_RULES: Type.Boolean({
    default: false,
    description:
      'Accept all requests from anyone, although there are no access rules. By default, a gateway without API keys, token keys and ANONYMOUS_GRANTS accepts requests from localhost only.',
  }),
}
