/** The exports of the package `carillon`. */
export type { Caller } from './access/caller.js'
export { Grants } from './access/grants.js'
export { type CarillonOptions, default, default as carillon, serverOptions } from './app.js'
export type { Config } from './config/config.js'
export type { Gateway } from './gateway.js'
export { type GatewayOptions, type OpenGateway, openGateway } from './open-gateway.js'
export type { ProblemType } from './protocol/problem-types.js'
export { Problem } from './protocol/problems.js'
