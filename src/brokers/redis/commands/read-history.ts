import { Script } from './script.js'

/** The part that all reading scripts share: the position of the history and its readable entries. */
const STANDING = `
local position, stream = KEYS[1], KEYS[2]
local text = string.format

local function entry(offset)
  return redis.call('xrange', stream, text('%.0f', offset), text('%.0f', offset), 'count', 1)[1]
end
local function timeOf(found) return tonumber(string.match(found[1], '-(%d+)$')) end

local at = redis.call('hmget', position, 'epoch', 'offset', 'tag', 'first', 'time', 'server')
local epoch, newest, tag, first = at[1], tonumber(at[2] or 0), at[3], tonumber(at[4] or 1)
local kept = redis.call('xlen', stream)
if kept == 0 then first = newest + 1 end
if kept ~= newest - first + 1 then epoch = false end -- it cannot be trusted, and a new one begins

local clock = redis.call('time')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- The first entry that is not older than the time, or the one to come.
local function firstSince(time)
  local low, high = first, newest + 1
  if low == high or timeOf(entry(low)) >= time then return low end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if timeOf(entry(middle)) < time then low = middle + 1 else high = middle end
  end
  return low
end
`

/**
 * Sees to it that where the history stands can be recognised later: begins one where there is none, and gives
 * the place another tag where another server wrote last, as `append-and-publish.ts` does. A Redis that refuses to write
 * leaves things as they are.
 *
 * ARGV: nonce, server, tenure, and how long the position of a history without messages is remembered.
 */
const SETTLED = `${STANDING}
local nonce, server, tenure, fleeting = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local mark = string.sub(nonce, -6)

local function write(...)
  local answer = redis.pcall('hset', position, ...)
  return type(answer) ~= 'table' or not answer.err
end

if not epoch then
  if write('epoch', nonce, 'offset', 0, 'tag', mark, 'first', 1, 'time', now, 'swept', now, 'server', server) then
    redis.call('del', stream)
    redis.call('pexpire', position, fleeting)
    epoch, newest, tag, first = nonce, 0, mark, 1
  end
elseif server ~= '' and at[6] ~= server then
  local mayLack = at[6] and at[6] ~= '' and tonumber(at[5]) < now - tonumber(tenure)
  if write('server', server, 'tag', mayLack and mark or tag) and mayLack then tag = mark end
end
`

/**
 * Where a history stands: {epoch, offset, tag}; the epoch is empty where there is none and none can be begun.
 *
 * KEYS: position, stream. ARGV: as above, and for how long to remember the position from now on, or nothing.
 */
export const LOCATE = new Script(`${SETTLED}
if not epoch then return {'', 0, ''} end
if ARGV[5] ~= '' then redis.pcall('pexpire', position, newest == 0 and fleeting or ARGV[5]) end
return {epoch, newest, tag}`)

/**
 * One page of a history: {epoch, offset, tag, continuity, more, …id, data, event, tag for each entry}.
 * An empty epoch means that there is none and none can be begun.
 *
 * KEYS: position, stream. ARGV: as above, then the query.
 */
export const READ = new Script(`${SETTLED}
local after, afterEpoch, afterTag = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local since, within, last = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local limit, maxBytes, age = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
if within then since = now - within end

if not epoch then return {'', 0, '', after and after > 0 and 'reset' or 'whole', 0} end

local oldest = firstSince(now - age)
local from, continuity = oldest, 'whole'

-- Where the last entries begin that a reader with another message at this offset cannot know, or the offset after it.
local function unknownFrom(offset)
  local at = math.min(offset, newest)
  if at == offset and at >= first and entry(at)[2][6] == afterTag then return offset + 1 end
  for _ = 1, 256 do
    if at <= first then break end
    if entry(at)[2][8] ~= entry(at - 1)[2][6] then return at end
    at = at - 1
  end
  return offset + 1
end
if after then
  local same = afterEpoch == string.sub(epoch, 1, 2)
  if not same or after > newest then
    continuity = 'reset'
  else
    local known
    if after == newest then
      known = tag
    elseif after + 1 >= first then
      known = entry(after + 1)[2][8] -- and not the tag of the entry itself: something may be lost between the two
    end
    if known and known ~= afterTag then continuity = 'reset'
    elseif after + 1 < oldest then continuity = 'trimmed' end
  end
  if same and continuity == 'reset' then
    from = math.max(from, unknownFrom(after))
  elseif same and after + 1 > from then
    from = after + 1
  end
elseif since and oldest > 1 and firstSince(since) <= oldest then
  continuity = 'trimmed'
end
if since then from = math.max(from, firstSince(since)) end
if last then from = math.max(from, newest - last + 1) end

local answer = {epoch, newest, tag, continuity, 0}
local bytes, count, full = 0, 0, false
local reached
while from <= newest and count < limit and not full do
  local chunk = redis.call('xrange', stream, text('%.0f', from), '+', 'count', math.min(limit - count, 32))
  for _, found in ipairs(chunk) do
    local fields = found[2]
    bytes = bytes + string.len(fields[2])
    full = count > 0 and (bytes > maxBytes or fields[8] ~= reached)
    if full then break end
    count, from, reached = count + 1, from + 1, fields[6]
    local at = #answer
    answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4] = found[1], fields[2], fields[4], fields[6]
  end
end
if from <= newest or (count > 0 and reached ~= tag) then answer[5] = 1 end
return answer`)

/**
 * {epoch, offset, tag, time, length, bytes, oldest offset, its tag, its time}; the last three are
 * missing when all entries are gone, and everything when there is no history.
 *
 * KEYS: position, stream.
 */
export const INFO = new Script(`${STANDING}
if not epoch or newest == 0 then return {} end
local oldest = firstSince(now - tonumber(ARGV[1]))
local bytes = (redis.call('memory', 'usage', stream) or 0) + redis.call('memory', 'usage', position)
local answer = {epoch, newest, tag, tonumber(at[5]), newest - oldest + 1, bytes}
local found = oldest <= newest and entry(oldest)
if found then answer[7], answer[8], answer[9] = oldest, found[2][6], timeOf(found) end
return answer`)
