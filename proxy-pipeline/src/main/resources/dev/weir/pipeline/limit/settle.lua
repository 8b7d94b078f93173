-- A request is over: its lease goes, and its tokens become those it really took.
-- KEYS: of each subject the levels (hash) and the leases (sorted set)
-- ARGV: lease; then of each subject the requests and tokens for a minute, and how many tokens more were taken than reserved
local UNIT = 60000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function drained(debt, rate, elapsed)
  if rate == 0 or elapsed * rate >= debt then
    return 0
  end
  return debt - elapsed * rate
end

for i = 1, #KEYS / 2 do
  local at = 1 + (i - 1) * 3
  local rate, token_rate, more = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  redis.call('ZREM', KEYS[2 * i], ARGV[1])
  if token_rate > 0 and more ~= 0 then
    local known = redis.call('HMGET', KEYS[2 * i - 1], 'requests', 'tokens', 'at')
    local elapsed = math.max(0, now - tonumber(known[3] or now))
    local requests = drained(tonumber(known[1] or 0), rate, elapsed)
    local tokens = math.max(0, drained(tonumber(known[2] or 0), token_rate, elapsed) + more * UNIT)
    local life = tokens / token_rate
    if rate > 0 then
      life = math.max(life, requests / rate)
    end
    if life > 0 then
      redis.call('HSET', KEYS[2 * i - 1], 'requests', string.format('%.0f', requests),
        'tokens', string.format('%.0f', tokens), 'at', string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[2 * i - 1], math.ceil(life / 1000) + 1000)
    else
      redis.call('DEL', KEYS[2 * i - 1])
    end
  end
end
return {}
