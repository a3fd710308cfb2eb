/**
 * A publication with metadata, or with a fence. Keeps nothing.
 *
 * A script and not a transaction: out of memory, Redis still takes a PUBLISH and a script, but
 * nothing into a MULTI.
 */
export const PUBLISH_WITH_METADATA = `
local command, channel, data, metadataChannel, metadata, fence = unpack(ARGV)
if fence ~= '' then redis.call('del', fence) end
if metadataChannel ~= '' then redis.call(command, metadataChannel, metadata) end
return redis.call(command, channel, data)`
