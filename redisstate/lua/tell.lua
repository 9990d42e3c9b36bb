-- Puts exchanges that are over behind the others, of which at least ARGV[2] and few
-- more are kept. ARGV[3] is how many there are, with those that could not be put.
for i = 4, #ARGV do
  redis.call('XADD', key('journal'), 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[i])
end
if redis.call('HINCRBY', key('told'), 'n', ARGV[3]) == tonumber(ARGV[3]) then
  written('told')
end
if redis.call('TTL', key('journal')) < 0 then written('journal') end
used()
return 1
