/** Whether a peer's address is of this machine: RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
export const isLoopbackAddress = (address: string | undefined): boolean =>
  address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/i.test(address)

/**
 * Whether a `Host` leads to this machine from wherever it is looked up. A page of `evil.example` can have its own
 * name lead to 127.0.0.1 (DNS rebinding), and then its requests come from this machine; but they say its name.
 */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])\.?(?::\d*)?$/i.test(host)
