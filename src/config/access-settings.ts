import { Type } from '@sinclair/typebox'

/** The settings that say who may do what; `src/config/config.ts` has them among its own. */
export const accessSettings = {
  API_KEYS: Type.Optional(
    Type.String({
      description:
        'API keys as a JSON array: [{"name":"backend","sha256":"…","publish":["*"]}]. `carillon key` makes one, and prints its entry.',
    }),
  ),
  API_KEYS_FILE: Type.Optional(
    Type.String({ description: 'File with such an array. It is read again when it changes.' }),
  ),
  JWT_SECRET: Type.Optional(
    Type.String({ description: 'Secret for tokens that are signed with HS256; at least 32 bytes.' }),
  ),
  JWT_SECRET_FILE: Type.Optional(
    Type.String({
      description:
        'File with such secrets, one a line, all of them good: the old and the new one while they are exchanged. It is read again when it changes.',
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
        "URL of the identity provider's JWK Set (https, or http on this machine). Needs JWT_ISSUER and JWT_AUDIENCE.",
    }),
  ),
  JWT_JWKS_SECONDS: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 300,
    description:
      'How often the JWK Set is fetched again. A key that is gone from it ends the streams of those whom it signed for.',
  }),
  JWT_ISSUER: Type.Optional(Type.String({ description: 'Accepted issuers (`iss`) of tokens, between commas.' })),
  JWT_AUDIENCE: Type.Optional(
    Type.String({
      description:
        'Accepted audiences (`aud`) of tokens, between commas. A token for an audience is refused without it.',
    }),
  ),
  JWT_TYPE: Type.Optional(
    Type.String({ description: 'The only accepted `typ` of tokens, such as at+jwt; by default JWT, at+jwt or none.' }),
  ),
  JWT_CLOCK_TOLERANCE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 300,
    default: 5,
    description: 'How far the clocks of the issuer and of the gateway may be apart.',
  }),
  JWT_MAX_AGE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 31_536_000,
    default: 0,
    description: 'How long after its `iat` a token is good at most, whatever its `exp` says; 0 leaves it to `exp`.',
  }),
  JWT_CLAIM: Type.String({ minLength: 1, default: 'carillon', description: 'Claim that holds the rights of a token.' }),
  JWT_GRANTS: Type.Optional(
    Type.String({
      description:
        'Rights of every valid token, beside those of its claim, as JSON: {"subscribe":["user:{sub}:*"]}. {sub} is the subject of the token.',
    }),
  ),
  JWT_COOKIE: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      description: 'Name of the cookie in which a browser may bring its token; by default none.',
    }),
  ),
  ANONYMOUS_GRANTS: Type.Optional(
    Type.String({
      description:
        'Rights of whoever shows neither key nor token, as JSON: {"subscribe":["public:*"]}. Without it: none.',
    }),
  ),
  PUBLIC_PAGES: Type.String({
    default: 'openapi,docs,console',
    description:
      'Which of metrics, openapi, docs and console anybody may see, between commas; `none` for none of them. The others need the right to inspect all channels.',
  }),
  ALLOW_ANYONE_WITHOUT_ACCESS_RULES: Type.Boolean({
    default: false,
    description:
      'Without keys, tokens and ANONYMOUS_GRANTS the gateway serves its own machine only. This lets anybody who reaches it publish and listen to everything.',
  }),
}
