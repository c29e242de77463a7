using Alloc.Schemas.Allocation;

namespace Alloc.Client.Kafka;

/// <summary>
/// The answer to one record. Several records may carry the same command id; which answer is this one's is known when
/// the record's offset is, and the answer may come first.
/// </summary>
internal sealed class ExpectedAnswer(AnswerListener listener, int partition, string commandId) : IDisposable
{
    private readonly TaskCompletionSource<AllocationOutcome> outcome =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock gate = new();
    private readonly List<AllocationOutcome> seen = [];
    private long? offset;

    public int Partition => partition;

    public string CommandId => commandId;

    /// <summary>The answer, when it was seen.</summary>
    public Task<AllocationOutcome> Outcome => outcome.Task;

    /// <summary>Where the record is in the log of commands.</summary>
    public void IsAt(long recordOffset)
    {
        lock (gate)
        {
            offset = recordOffset;
            Match();
        }
    }

    /// <summary>An answer to a command of this id.</summary>
    public void See(AllocationOutcome answer)
    {
        lock (gate)
        {
            seen.Add(answer);
            Match();
        }
    }

    public void Dispose() => listener.Forget(this);

    private void Match()
    {
        if (seen.FirstOrDefault(answer => answer.Source.Offset == offset) is { } own)
        {
            outcome.TrySetResult(own);
        }
    }
}
