using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>The list of APIs, and that its readers trust nothing.</summary>
public sealed class ApiTableTests
{
    [Fact]
    public void Versions_are_those_that_the_clients_were_tried_with()
    {
        var windows = ApiTable.All.Select(e => $"{(short)e.Key}:{e.MinVersion}-{e.MaxVersion}");

        Assert.Equal(
            "0:0-8 1:4-11 2:1-7 3:0-9 8:2-8 9:1-7 10:0-3 11:0-7 12:0-4 13:0-4 14:0-5 15:0-5 16:0-5 17:0-1 18:0-4 "
            + "19:0-5 20:0-5 "
            + "21:0-2 22:0-4 23:2-3 24:0-2 25:0-2 26:0-2 27:1-1 28:0-3 32:0-4 33:0-2 36:0-2 37:0-3 42:0-2 44:0-1 "
            + "47:0-0 60:0-0 "
            + "61:0-0 65:0-0 66:0-2",
            string.Join(' ', windows));
    }

    [Fact]
    public void Random_bytes_break_no_reader_otherwise_than_by_a_protocol_error()
    {
        var random = new Random(20261121);
        foreach (var entry in ApiTable.All)
        {
            for (var version = entry.MinVersion; version <= entry.MaxVersion; version++)
            {
                for (var round = 0; round < 300; round++)
                {
                    Read(entry, version, RandomBody(random));
                }
            }
        }
    }

    private static byte[] RandomBody(Random random)
    {
        var body = new byte[random.Next(0, 300)];
        random.NextBytes(body);
        // Mostly small numbers: readers get further that way.
        for (var index = 0; index < body.Length; index++)
        {
            if (random.Next(4) > 0)
            {
                body[index] = (byte)random.Next(0, 3);
            }
        }
        return body;
    }

    private static void Read(ApiEntry entry, short version, byte[] body)
    {
        var reader = new KafkaReader(body, version, entry.IsFlexible(version));
        try
        {
            entry.Api.ReadRequest(ref reader);
        }
        catch (ProtocolException)
        {
            return;
        }
        Assert.InRange(reader.Remaining, 0, body.Length);
    }
}
