using System.Buffers;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;

namespace Alloc.Bench;

/// <summary>
/// The Avro codec alone, on one thread: how long one record takes to write and to read, and what it allocates. Beside
/// it the same records through Apache's package, generic reader and writer.
/// </summary>
internal static class CodecScenario
{
    public static void Run(BenchReport report, int count, TimeProvider time)
    {
        var mix = new CommandMix(new MixOptions());
        var commands = Enumerable.Range(0, 1_000).Select(_ => mix.Next(1_700_000_000_000, out var _)).ToArray();
        Compare(report, "command", commands, count, time);
        Compare(report, "outcome", [SampleOutcome()], count, time);
    }

    private static void Compare<T>(BenchReport report, string name, T[] records, int count, TimeProvider time)
        where T : class, IAvroRecord<T>
    {
        var writer = new AvroWriter();
        var encoded = records.Select(r =>
        {
            writer.Clear();
            r.Write(writer);
            return writer.WrittenSpan.ToArray();
        }).ToArray();
        var size = encoded.Average(e => e.Length);
        var settings = $"{count:N0} records of {size:0} bytes on average, one thread";

        void Write(int n)
        {
            for (var i = 0; i < n; i++)
            {
                writer.Clear();
                records[i % records.Length].Write(writer);
            }
        }

        void Read(int n)
        {
            for (var i = 0; i < n; i++)
            {
                var reader = new AvroReader(encoded[i % encoded.Length]);
                T.Read(ref reader);
            }
        }

        var package = new ApacheCodec(T.Schema.ToString(), encoded);
        var packageCount = Math.Max(1, count / 10);
        Add(report, $"write one {name}", Write, count, package.Write, packageCount, settings, time);
        Add(report, $"read one {name}", Read, count, package.Read, packageCount, settings, time);
    }

    private static void Add(
        BenchReport report, string what, Action<int> ours, int count, Action<int> theirs, int theirCount,
        string settings, TimeProvider time)
    {
        var (nanoseconds, bytes) = Measure(ours, count, time);
        var (theirNanoseconds, theirBytes) = Measure(theirs, theirCount, time);
        report.Add(new Figure("codec", what, nanoseconds, "ns", settings));
        report.Add(new Figure("codec", $"{what}, allocated", bytes, "bytes", settings));
        report.Add(new Figure("codec", $"{what} with Apache.Avro", theirNanoseconds, "ns", settings));
        report.Add(new Figure("codec", $"{what} with Apache.Avro, allocated", theirBytes, "bytes", settings));
        report.AddRatio(
            $"Apache.Avro to ours, {what}", f => f.What == $"{what} with Apache.Avro", f => f.What == what);
    }

    private static (double Nanoseconds, double Bytes) Measure(Action<int> act, int count, TimeProvider time)
    {
        act(Math.Min(count, 100_000));
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var startedAt = time.GetTimestamp();
        act(count);
        return (time.GetElapsedTime(startedAt).TotalNanoseconds / count,
            (double)(GC.GetAllocatedBytesForCurrentThread() - allocatedBefore) / count);
    }

    /// <summary>What a plain hold leaves behind.</summary>
    private static AllocationOutcome SampleOutcome() => new()
    {
        PoolId = "pool-17",
        Sequence = 4_711,
        Source = new SourcePosition { Topic = "allocation.commands", Partition = 3, Offset = 1_234_567 },
        TMs = 1_700_000_000_000,
        PolicyVersion = 0,
        Original = true,
        CommandId = "c-1234567",
        CommandKind = CommandKind.Hold,
        PayloadHash = new byte[16],
        RememberUntilMs = 1_700_086_400_000,
        Actor = new Actor { Type = ActorType.Service, Id = "bench" },
        CorrelationId = "c-1234567",
        BalancesBefore = new Balances { External = -1_000_000, Free = 990_000, Held = 10_000 },
        BalancesAfter = new Balances { External = -1_000_000, Free = 989_997, Held = 10_003 },
        Entries =
        [
            new LedgerEntry { Kind = EntryKind.Held, From = Account.Free, To = Account.Held, Quantity = 3,
                ReservationId = "r-1234567" },
        ],
        After =
        [
            new Reservation
            {
                ReservationId = "r-1234567",
                Version = 1,
                Held = 3,
                Granted = 3,
                ExpiresAtMs = 1_700_000_600_000,
            },
        ],
        Decision = [new DecisionStep { Rule = DecisionRule.Availability, Result = RuleResult.Passed, Numbers = [] }],
        Event = new AllocationOutcomeEvent.Held
        {
            Lines = [new GrantedLine { ReservationId = "r-1234567", Requested = 3, Granted = 3 }],
            Class = "web",
            ExpiresAtMs = 1_700_000_600_000,
        },
    };
}
