#!/usr/bin/env python3
"""A round robin over TCP connections for d4.sh: balancer.py PORT TARGET_PORT... Skips targets that refuse."""
import asyncio
import itertools
import sys


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(port, targets):
    turns = itertools.cycle(targets)

    async def serve(reader, writer):
        for _ in targets:
            target = next(turns)
            try:
                upstream = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                continue
            print("to", target, flush=True)
            await asyncio.gather(copy(reader, upstream[1]), copy(upstream[0], writer))
            return
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
