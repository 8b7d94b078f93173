-- Requests go on: their leases live longer. One that is gone stays so.
-- KEYS: the leases (sorted set) of each request's subject
-- ARGV: life in milliseconds; then the lease of each
local time = redis.call('TIME')
local until_millis = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], 'XX', until_millis, ARGV[i + 1])
  redis.call('PEXPIRE', KEYS[i], tonumber(ARGV[1]) + 1000)
end
return {}
