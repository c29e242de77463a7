using System.Text;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Topology;

/// <summary>
/// One reading of the command log: what whoever runs it again takes for a command is what the engine decides, and what
/// it passes over is what the engine puts aside and the shadow does not see.
/// </summary>
public sealed class CommandRecordsTests
{
    private const string Pool = "seats";

    public static TheoryData<string> Records =>
    [
        "a command", "no key", "a key that is empty", "another key", "a key that is not UTF-8",
        "a key cut in a character", "a key with a surrogate", "no value", "an empty value", "another magic byte",
        "an unknown schema", "a value cut short", "bytes after the value", "text that is not UTF-8",
    ];

    [Theory]
    [MemberData(nameof(Records))]
    public void Every_reader_takes_the_same_records_for_commands(string name)
    {
        using var both = new ShadowDriver();
        both.Transfer(Pool, AuthorityMode.Shadow, 1);
        both.Stock(Pool, 5);
        both.Outcomes();
        var (key, value) = Record(both.Authority, name);
        both.AdvanceWallClock(TimeSpan.FromSeconds(1));

        both.Pipe(key, value);

        var isCommand = IsCommand(both.Authority, key, value);
        Assert.Equal(isCommand, both.Authority.Outcomes().Count > 0);
        Assert.Equal(isCommand ? 0 : 1, both.Authority.DeadLetters().Count);
        if (!isCommand)
        {
            Assert.Empty(both.Outcomes());
        }
    }

    // Cause: a record that the authority put aside because of its key moved the shadow's clock, and fired its timers.
    [Theory]
    [MemberData(nameof(Records))]
    public void What_is_no_command_lets_nothing_expire_in_the_shadow(string name)
    {
        using var both = new ShadowDriver();
        both.Transfer(Pool, AuthorityMode.Shadow, 1);
        both.Stock(Pool, 5);
        both.Send(Pool, new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1, TtlMs = 1_000 });
        both.Outcomes();
        var (key, value) = Record(both.Authority, name);
        both.AdvanceWallClock(TimeSpan.FromSeconds(2));
        both.Authority.DeadLetters();

        both.Pipe(key, value);

        Assert.Equal(
            both.Authority.DeadLetters().Count == 0,
            both.Outcomes().Any(o => o.Event is AllocationOutcomeEvent.Expired));
    }

    private static bool IsCommand(AllocationDriver alloc, byte[]? key, byte[]? value)
    {
        var records = new CommandRecords(alloc.Serdes.Commands, alloc.Options.PartitionCount);
        try
        {
            return records.Read(alloc.Options.CommandTopic, 0, 0, alloc.Driver.NowMs, key, value).Command is not null;
        }
        catch (BadRecordException)
        {
            return false;
        }
    }

    private static (byte[]? Key, byte[]? Value) Record(AllocationDriver alloc, string name)
    {
        var key = Encoding.UTF8.GetBytes(Pool);
        var value = alloc.Bytes(alloc.Command(
            Pool, new AllocationCommandBody.Block { Quantity = 1, Reason = "test" }, "the id"));
        return name switch
        {
            "no key" => (null, value),
            "a key that is empty" => ([], value),
            "another key" => ([.. key, (byte)'2'], value),
            "a key that is not UTF-8" => ([.. key, 0xff], value),
            "a key cut in a character" => ([.. key, 0xe2, 0x98], value),
            "a key with a surrogate" => ([.. key, 0xed, 0xa0, 0x80], value),
            "no value" => (key, null),
            "an empty value" => (key, []),
            "another magic byte" => (key, [1, .. value[1..]]),
            "an unknown schema" => (key, [0, 0, 1, 0, 0, .. value[5..]]),
            "a value cut short" => (key, value[..^3]),
            "bytes after the value" => (key, [.. value, 7]),
            "text that is not UTF-8" => (key, Damaged(value)),
            _ => (key, value),
        };
    }

    // The first byte of the command's id, in the middle of the Avro value.
    private static byte[] Damaged(byte[] value)
    {
        var at = value.AsSpan().IndexOf("the id"u8);
        return [.. value[..at], 0xff, .. value[(at + 1)..]];
    }
}
