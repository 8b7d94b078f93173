-- Takes what a request asks for from all its subjects, or from none.
-- KEYS: of each subject the levels (hash) and the leases (sorted set)
-- ARGV: burst in microseconds, tokens, lease, its life in milliseconds; then of each subject the requests and tokens for a
--       minute and how many in parallel, 0 for no limit
-- Returns: the subject that refuses, or -1; what it refuses (0 requests, 1 tokens, 2 parallel); for how many microseconds; then
--          of each subject the debt of requests and of tokens. Units and arithmetic are those of Level.java.
local UNIT = 60000000
local PARALLEL_WAIT = 1000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local burst, tokens, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local subjects = {}
local refusing, refused, wait = -1, 0, 0

local function drained(debt, rate, elapsed)
  if rate == 0 or elapsed * rate >= debt then
    return 0
  end
  return debt - elapsed * rate
end

local function refuse(subject, quantity, micros)
  if micros > wait then
    refusing, refused, wait = subject, quantity, micros
  end
end

for i = 1, #KEYS / 2 do
  local at = 4 + (i - 1) * 3
  local s = {rate = tonumber(ARGV[at + 1]), token_rate = tonumber(ARGV[at + 2]), parallel = tonumber(ARGV[at + 3])}
  local known = redis.call('HMGET', KEYS[2 * i - 1], 'requests', 'tokens', 'at')
  local elapsed = math.max(0, now - tonumber(known[3] or now))
  s.requests = drained(tonumber(known[1] or 0), s.rate, elapsed)
  s.tokens = drained(tonumber(known[2] or 0), s.token_rate, elapsed)
  s.reserved = 0
  if s.rate > 0 then
    refuse(i - 1, 0, math.ceil((s.requests + UNIT - math.max(s.rate * burst, UNIT)) / s.rate))
  end
  if s.token_rate > 0 and tokens > 0 then
    local capacity = math.max(s.token_rate * burst, UNIT)
    s.reserved = math.min(tokens, math.floor(capacity / UNIT)) * UNIT
    refuse(i - 1, 1, math.ceil((s.tokens + s.reserved - capacity) / s.token_rate))
  end
  if s.parallel > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[2 * i], '-inf', now / 1000)
    if redis.call('ZCARD', KEYS[2 * i]) >= s.parallel then
      refuse(i - 1, 2, PARALLEL_WAIT)
    end
  end
  subjects[i] = s
end

local answer = {refusing, refused, wait}
for i, s in ipairs(subjects) do
  if refusing < 0 then
    local life = 0
    if s.rate > 0 then
      s.requests = s.requests + UNIT
      life = s.requests / s.rate
    end
    if s.token_rate > 0 then
      s.tokens = s.tokens + s.reserved
      life = math.max(life, s.tokens / s.token_rate)
    end
    if life > 0 then
      redis.call('HSET', KEYS[2 * i - 1], 'requests', string.format('%.0f', s.requests),
        'tokens', string.format('%.0f', s.tokens), 'at', string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[2 * i - 1], math.ceil(life / 1000) + 1000)
    end
    if s.parallel > 0 then
      redis.call('ZADD', KEYS[2 * i], math.floor(now / 1000) + ttl, ARGV[3])
      redis.call('PEXPIRE', KEYS[2 * i], ttl + 1000)
    end
  end
  answer[#answer + 1] = s.requests
  answer[#answer + 1] = s.tokens
end
return answer
