using System.Globalization;

namespace Alloc.Engine.Processing;

/// <summary>
/// The unit of work and of state: one sub-topology for one partition. Written <c>subtopology_partition</c>, as in Kafka
/// Streams.
/// </summary>
public readonly record struct TaskId(int SubTopology, int Partition) : IComparable<TaskId>
{
    /// <summary>Reads the form that <see cref="ToString"/> writes.</summary>
    /// <exception cref="FormatException">The text is not a task id.</exception>
    public static TaskId Parse(string text)
    {
        var separator = text.IndexOf('_', StringComparison.Ordinal);
        return separator > 0
            && int.TryParse(
                text.AsSpan(0, separator), NumberStyles.None, CultureInfo.InvariantCulture, out var subTopology)
            && int.TryParse(
                text.AsSpan(separator + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            ? new TaskId(subTopology, partition)
            : throw new FormatException($"'{text}' is not a task id of the form 0_3.");
    }

    /// <inheritdoc/>
    public int CompareTo(TaskId other) =>
        SubTopology != other.SubTopology
            ? SubTopology.CompareTo(other.SubTopology)
            : Partition.CompareTo(other.Partition);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{SubTopology}_{Partition}");

    public static bool operator <(TaskId left, TaskId right) => left.CompareTo(right) < 0;

    public static bool operator >(TaskId left, TaskId right) => left.CompareTo(right) > 0;

    public static bool operator <=(TaskId left, TaskId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(TaskId left, TaskId right) => left.CompareTo(right) >= 0;
}
