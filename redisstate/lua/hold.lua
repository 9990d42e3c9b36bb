put('holds', ARGV[2], ARGV[3] .. ' ' .. ARGV[4], 32768)
used()
return 1
