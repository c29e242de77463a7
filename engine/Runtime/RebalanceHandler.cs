using Alloc.Engine.LogClient;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Hears of rebalances inside a poll. It commits on revocation, never on loss, throws nothing, assigns nothing: what is
/// to be done about an assignment it leaves for the loop.
/// </summary>
internal sealed class RebalanceHandler(Action commit, Action<bool> suspend) : IRebalanceListener
{
    /// <summary>A new assignment that the loop has not taken up yet.</summary>
    public (IReadOnlyList<TopicPartition> Partitions, LogGroupMetadata? Metadata)? Assigned { get; private set; }

    /// <summary>What a handler had to swallow; the loop acts on it.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>What was revoked since the loop last looked, for the log.</summary>
    public IReadOnlyList<TopicPartition>? Revoked { get; private set; }

    /// <summary>What was lost since the loop last looked.</summary>
    public IReadOnlyList<TopicPartition>? Lost { get; private set; }

    public void OnAssigned(IReadOnlyList<TopicPartition> partitions, LogGroupMetadata? metadata) =>
        Assigned = (partitions, metadata);

    public void OnRevoked(IReadOnlyList<TopicPartition> partitions)
    {
        var isClean = false;
        try
        {
            commit();
            isClean = true;
        }
        catch (Exception error)
        {
            Failure = error;
        }
        finally
        {
            Suspend(isClean);
            Assigned = null;
            Revoked = partitions;
        }
    }

    public void OnLost(IReadOnlyList<TopicPartition> partitions)
    {
        Suspend(false);
        Assigned = null;
        Lost = partitions;
    }

    /// <summary>The loop has taken up what was noted.</summary>
    public void Clear()
    {
        Assigned = null;
        Failure = null;
        Revoked = null;
        Lost = null;
    }

    private void Suspend(bool isClean)
    {
        try
        {
            suspend(isClean);
        }
        catch (Exception error)
        {
            Failure ??= error;
        }
    }
}
