using System.Buffers.Binary;
using System.Text;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>What a task's database says about itself, under store id 0: who wrote it, and what it covers.</summary>
/// <remarks>
/// Format: version (1 byte), length of the layout (4 bytes, little-endian), layout (UTF-8), position.
/// </remarks>
internal sealed record StateHeader(string Layout, StatePosition Position)
{
    private const byte FormatVersion = 1;

    /// <summary>The first key of every database: store id 0.</summary>
    public static ReadOnlySpan<byte> Key => [0];

    /// <summary>The shape of the stores that are kept in the database, one line each.</summary>
    public static string LayoutOf(IEnumerable<StoreDefinition> stores) =>
        string.Join('\n', stores.Where(s => s.Persistence == StorePersistence.Persistent).Select(s => s.Layout));

    public static void Write(string layout, StatePosition position, ByteBuffer output)
    {
        var length = Encoding.UTF8.GetByteCount(layout);
        var span = output.GetSpan(5 + length);
        span[0] = FormatVersion;
        BinaryPrimitives.WriteInt32LittleEndian(span[1..], length);
        Encoding.UTF8.GetBytes(layout, span[5..]);
        output.Advance(5 + length);
        position.Write(output);
    }

    /// <summary>Reads the header; null for a database that nothing was written to.</summary>
    /// <exception cref="TaskCorruptedException">The database has keys but no readable header.</exception>
    public static StateHeader? Read(IStateDatabase database, TaskId task, string directory)
    {
        using var cursor = database.CreateCursor();
        cursor.Seek(Key);
        if (!cursor.IsValid)
        {
            return null;
        }
        if (!cursor.Key.SequenceEqual(Key))
        {
            throw new TaskCorruptedException($"The state in {directory} has no position.", [task]);
        }
        try
        {
            return Parse(cursor.Value);
        }
        catch (InvalidDataException error)
        {
            throw new TaskCorruptedException(
                $"The position of the state in {directory} cannot be read: {error.Message}", [task], error);
        }
    }

    /// <exception cref="StateTopologyMismatchException">The state was written for other stores.</exception>
    public void CheckLayout(string expected, string directory)
    {
        if (!string.Equals(Layout, expected, StringComparison.Ordinal))
        {
            throw new StateTopologyMismatchException(
                $"The state in {directory} was written by another topology: its stores are [{OneLine(Layout)}], here "
                + $"they are [{OneLine(expected)}]. Start the version that wrote it, or remove the directory to "
                + "restore the state from the log.");
        }
    }

    private static StateHeader Parse(ReadOnlySpan<byte> data)
    {
        if (data.Length < 5 || data[0] != FormatVersion)
        {
            throw new InvalidDataException("its format is unknown.");
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(data[1..]);
        if (length < 0 || length > data.Length - 5)
        {
            throw new InvalidDataException("it is cut short.");
        }
        return new StateHeader(
            Encoding.UTF8.GetString(data.Slice(5, length)), StatePosition.Read(data[(5 + length)..]));
    }

    private static string OneLine(string layout) => layout.Replace("\n", ", ", StringComparison.Ordinal);
}
