using System.Buffers;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// Reads what this engine itself wrote to a task's database: what cannot be read there is damage to the state, and
/// never the fault of the record that happens to ask for it.
/// </summary>
/// <remarks>
/// The task that meets it restores its state. A reader on another thread is told and no more: the database checks its
/// own bytes, so what only cannot be decoded is as the log has it, and restoring for each question would mend nothing.
/// </remarks>
internal sealed class StoredSerde<T>(ISerde<T> inner, TaskState state) : ISerde<T>
{
    public void Serialize(T value, IBufferWriter<byte> output) => inner.Serialize(value, output);

    public T Deserialize(ReadOnlySpan<byte> data)
    {
        try
        {
            return inner.Deserialize(data);
        }
        catch (TaskCorruptedException error)
        {
            throw error.Of(state.TaskId);
        }
        catch (Exception error) when (error is BadRecordException or FormatException or InvalidDataException)
        {
            throw new TaskCorruptedException(
                $"The state of task {state.TaskId} holds a {typeof(T).Name} that cannot be read: {error.Message}",
                [state.TaskId], error);
        }
    }
}
