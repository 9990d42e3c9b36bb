-- Puts exchanges that are over behind the others, of which at least ARGV[2] and few
-- more are kept, if the volume ARGV[3] that they belong to is still written, or they
-- name none. ARGV[4] is how many there are, with those that could not be put.
if ARGV[3] ~= '' then
  local of = redis.call('HMGET', key('main'), 'world', 'emptied')
  if ARGV[3] ~= (of[1] or '') .. '.' .. (of[2] or '0') then return 0 end
end
for i = 5, #ARGV do
  redis.call('XADD', key('journal'), 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[i])
end
if redis.call('HINCRBY', key('told'), 'n', ARGV[4]) == tonumber(ARGV[4]) then
  written('told')
end
if redis.call('TTL', key('journal')) < 0 then written('journal') end
used()
return 1
