import { Script } from '../script.js'

/** What the scripts that read have in common: where the history stands, and what of it can be read. */
const STANDING = `
local position, stream = KEYS[1], KEYS[2]
local text = string.format

local function entry(offset)
  return redis.call('xrange', stream, text('%.0f', offset), text('%.0f', offset), 'count', 1)[1]
end
local function timeOf(found) return tonumber(string.match(found[1], '-(%d+)$')) end

local at = redis.call('hmget', position, 'epoch', 'offset', 'tag', 'first', 'time')
local epoch, newest, tag, first = at[1], tonumber(at[2] or 0), at[3], tonumber(at[4] or 1)
local kept = redis.call('xlen', stream)
if kept == 0 then first = newest + 1 end
if kept ~= newest - first + 1 then epoch = false end -- it cannot be trusted, and the next publication begins anew

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
 * One page of a history: {epoch, offset, tag, continuity, more, …id, data, event, tag for each entry}.
 * An empty epoch means that there is none.
 *
 * KEYS: position, stream.
 */
export const READ = new Script(`${STANDING}
local after, afterEpoch, afterTag = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local since, last = tonumber(ARGV[4]), tonumber(ARGV[5])
local limit, maxBytes, age = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

if not epoch then return {'', 0, '', after and after > 0 and 'reset' or 'whole', 0} end

local oldest = firstSince(now - age)
local from, continuity = oldest, 'whole'
if after then
  local same = after == 0 or afterEpoch == string.sub(epoch, 1, 2)
  if not same or after > newest then
    continuity = 'reset'
  else
    local known
    if after == newest then
      known = tag
    elseif after >= first then
      known = entry(after)[2][6]
    elseif after + 1 >= first then
      known = entry(after + 1)[2][8]
    end
    if after > 0 and known and known ~= afterTag then continuity = 'reset'
    elseif after + 1 < oldest then continuity = 'trimmed' end
  end
  if same and after + 1 > from then from = after + 1 end
elseif since and oldest > 1 and firstSince(since) <= oldest then
  continuity = 'trimmed'
end
if since then from = math.max(from, firstSince(since)) end
if last then from = math.max(from, newest - last + 1) end

local answer = {epoch, newest, tag, continuity, 0}
local bytes, count, full = 0, 0, false
while from <= newest and count < limit and not full do
  local chunk = redis.call('xrange', stream, text('%.0f', from), '+', 'count', math.min(limit - count, 32))
  for _, found in ipairs(chunk) do
    local fields = found[2]
    bytes = bytes + string.len(fields[2])
    full = count > 0 and bytes > maxBytes
    if full then break end
    count, from = count + 1, from + 1
    local at = #answer
    answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4] = found[1], fields[2], fields[4], fields[6]
  end
end
if from <= newest then answer[5] = 1 end
return answer`)

/**
 * {epoch, offset, tag, time, length, bytes, oldest offset, its tag, its time}; the last three are
 * missing when all entries are gone, and everything when there is no history.
 *
 * KEYS: position, stream.
 */
export const INFO = new Script(`${STANDING}
if not epoch then return {} end
local oldest = firstSince(now - tonumber(ARGV[1]))
local bytes = (redis.call('memory', 'usage', stream) or 0) + redis.call('memory', 'usage', position)
local answer = {epoch, newest, tag, tonumber(at[5]), newest - oldest + 1, bytes}
local found = oldest <= newest and entry(oldest)
if found then answer[7], answer[8], answer[9] = oldest, found[2][6], timeOf(found) end
return answer`)
