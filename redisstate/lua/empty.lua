-- Forgets the journal of a namespace, and begins another volume of it.
redis.call('UNLINK', key('journal'), key('told'))
world()
redis.call('HINCRBY', key('main'), 'emptied', 1)
written('main')
return 1
