using System.Security.Cryptography;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;

namespace Alloc.Cli.Commands.Policies;

/// <summary>Whether a replay writes the outcomes of the journal: same order, same bytes.</summary>
internal sealed class ByteComparison
{
    private readonly Dictionary<int, Queue<(string Id, UInt128 Hash)>> journal = [];

    /// <summary>Outcomes of the window.</summary>
    public long Count { get; private set; }

    /// <summary>The first outcome that differs; null: none.</summary>
    public string? FirstDifference { get; private set; }

    public void Was(int partition, AllocationOutcome outcome)
    {
        if (!journal.TryGetValue(partition, out var queue))
        {
            journal.Add(partition, queue = new Queue<(string, UInt128)>());
        }
        queue.Enqueue((Id(outcome), Hash(outcome)));
        Count++;
    }

    public void WouldBe(int partition, AllocationOutcome outcome)
    {
        if (FirstDifference is not null)
        {
            return;
        }
        if (!journal.TryGetValue(partition, out var queue) || !queue.TryDequeue(out var was))
        {
            FirstDifference = $"{Id(outcome)} is not in the journal";
        }
        else if (was.Id != Id(outcome))
        {
            FirstDifference = $"{was.Id} is {Id(outcome)} in the replay";
        }
        else if (was.Hash != Hash(outcome))
        {
            FirstDifference = $"{was.Id} has other bytes";
        }
    }

    /// <summary>What is left of the journal is not in the replay.</summary>
    public void Finish()
    {
        foreach (var queue in journal.Values)
        {
            if (FirstDifference is null && queue.TryPeek(out var missing))
            {
                FirstDifference = $"{missing.Id} is not in the replay";
            }
        }
    }

    private static string Id(AllocationOutcome outcome) => $"{outcome.PoolId}#{outcome.Sequence}";

    private static UInt128 Hash(AllocationOutcome outcome)
    {
        using var writer = new AvroWriter();
        outcome.Write(writer);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(writer.WrittenSpan, hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
