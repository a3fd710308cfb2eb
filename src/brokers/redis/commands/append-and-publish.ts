import { Script } from './script.js'

/**
 * A publication that leaves something behind: an entry in the history of its channel, the outcome
 * under its idempotency key, or both. All in one step:
 *
 *     known key?  ─▶ answer what became of it then
 *     write       ─▶ out of memory, read-only, unable to save: nothing has happened, nothing is delivered
 *     publish     ─▶ refused by an ACL rule: what was written is taken back
 *     answer      {receivers, epoch, offset, tag, replayed}, or {-1} for a key of another publication
 *
 * The first write is one that Redis refuses when it is out of memory: after any other it would let
 * the script go on. What can be found wrong is found before it, by the reads.
 *
 * KEYS: position and stream, if there is a history; the idempotency key, if there is one.
 * In the stream, `d` is the data, `e` the event type or nothing, `g` the tag and `p` that of the
 * entry before; all four each time, as Redis then keeps the names of the fields once. The position
 * has the number of the oldest entry too, so that XLEN tells whether the two belong together, and
 * the server that wrote it last, see `lineage.ts`. `tenure` is for how many milliseconds this server
 * has had every write; where another one wrote before that, some of it may be lost: then the place
 * gets another tag, and a reader at that place sees that the next message does not follow.
 */
export const APPEND_AND_PUBLISH = new Script(`
local command, channel, data, metadataChannel, event, metadata, nonce, length, age, memory, fingerprint, keep, server, tenure = unpack(ARGV)
local history = length ~= ''
local memo = fingerprint ~= '' and KEYS[#KEYS]

if memo then
  local known = redis.call('get', memo)
  if known then
    local print, receivers, epoch, offset, tag = string.match(known, '^(%S+) (%d+) (%S*) (%d+) (%S*)$')
    if print ~= fingerprint then return {-1} end
    return {tonumber(receivers), epoch, tonumber(offset), tag, 1}
  end
end

local position, stream = KEYS[1], KEYS[2]
local before, now, cut, writer
local epoch, offset, tag, first, time, swept = '', 0, '', 1, 0, 0
local text = string.format

if history then
  local clock = redis.call('time')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  length, age = tonumber(length), tonumber(age)
  local at = redis.call('hmget', position, 'epoch', 'offset', 'tag', 'first', 'time', 'swept', 'server')
  local kept = redis.call('xlen', stream)
  before = {trusted = false}
  if at[1] then
    epoch, offset, tag, first = at[1], tonumber(at[2]), at[3], tonumber(at[4])
    time, swept = tonumber(at[5]), tonumber(at[6])
    if kept == 0 then first = offset + 1 end
    writer = at[7]
    local isOther = server ~= '' and writer and writer ~= '' and writer ~= server
    if isOther and time < now - tonumber(tenure) then tag = string.sub(nonce, 3, 8) end
    before = {offset = offset, tag = tag, trusted = kept == offset - first + 1}
  end
  if not before.trusted then
    -- Never written, expired, or not what was written: evicted, deleted or restored in part.
    epoch, offset, tag, first, time, swept = nonce, 0, string.sub(nonce, 3, 8), 1, 0, now
  end
  if now - swept > age / 16 and kept > 0 then
    -- The first entry that is not too old: halves what is left with each look.
    local low, high = first, offset + 1
    while low < high do
      local middle = math.floor((low + high) / 2)
      local id = redis.call('xrange', stream, text('%.0f', middle), text('%.0f', middle))[1][1]
      if tonumber(string.match(id, '-(%d+)$')) < now - age then low = middle + 1 else high = middle end
    end
    if low > first then first, cut = low, low end
    swept = now
  end
  offset = offset + 1
  if now > time then time = now end
  if first < offset - length + 1 then first = offset - length + 1 end
end

local previous = tag
if memo then redis.call('set', memo, '', 'px', keep) end
if history then
  tag = string.sub(nonce, -6)
  redis.call('hset', position, 'epoch', epoch, 'offset', text('%.0f', offset), 'tag', tag,
    'first', text('%.0f', first), 'time', text('%.0f', time), 'swept', text('%.0f', swept))
  if writer ~= server and server ~= '' then redis.call('hset', position, 'server', server) end
  if not before.trusted then redis.call('del', stream) end
  redis.call('xadd', stream, 'maxlen', length, text('%.0f-%.0f', offset, time), 'd', data, 'e', event, 'g', tag, 'p', previous)
  if cut then redis.call('xtrim', stream, 'minid', text('%.0f', cut)) end
  redis.call('pexpire', stream, age)
  redis.call('pexpire', position, age + memory)
  metadata = '{"epoch":"' .. epoch .. '","offset":' .. text('%.0f', offset) .. ',"tag":"' .. tag
    .. '","previous":"' .. previous .. '",' .. string.sub(metadata, 2)
end

local function refused(answer)
  if type(answer) ~= 'table' or not answer.err then return false end
  if memo then redis.call('del', memo) end
  if history and not before.trusted then
    redis.call('del', position, stream)
  elseif history then
    redis.call('xdel', stream, text('%.0f-%.0f', offset, time))
    -- The stream never takes an ID again that is not greater: the next entry has the same offset, and a later time.
    redis.call('hset', position, 'offset', text('%.0f', before.offset), 'tag', before.tag, 'time', text('%.0f', time + 1))
  end
  return true
end

if metadataChannel ~= '' then
  local answer = redis.pcall(command, metadataChannel, metadata)
  if refused(answer) then return answer end
end
local receivers = redis.pcall(command, channel, data)
if refused(receivers) then return receivers end

if memo then
  redis.call('set', memo, text('%s %d %s %.0f %s', fingerprint, receivers, epoch, offset, tag), 'px', keep)
end
return {receivers, epoch, offset, tag, 0}`)
