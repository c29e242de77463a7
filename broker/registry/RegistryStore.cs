using System.Text.Json;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Registry;

/// <summary>
/// Keeps the registry's state in one small file that is replaced as a whole and synced before a change is answered, so
/// that a crash at any moment leaves the state before or after it.
/// </summary>
internal sealed class RegistryStore : IDisposable
{
    private readonly Lock changing = new();
    private readonly string file;
    private readonly Disk disk;
    private readonly FileStream lockFile;
    private RegistryState state;

    private RegistryStore(string file, Disk disk, FileStream lockFile, RegistryState state)
    {
        this.file = file;
        this.disk = disk;
        this.lockFile = lockFile;
        this.state = state;
    }

    /// <summary>The state as it is stored.</summary>
    public RegistryState State => Volatile.Read(ref state);

    /// <exception cref="BrokerStartException">The directory is in use or cannot be used, or the file is
    /// damaged.</exception>
    public static RegistryStore Open(string dataDirectory, Disk disk)
    {
        var directory = Path.Combine(dataDirectory, "registry");
        var file = Path.Combine(directory, "registry.json");
        FileStream lockFile;
        try
        {
            Directory.CreateDirectory(directory);
            lockFile = new FileStream(
                Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException(
                $"The registry's directory {directory} cannot be used or is in use by another process: "
                + $"{exception.Message} "
                + "Stop that process, or name another data directory.", exception);
        }
        try
        {
            return new RegistryStore(file, disk, lockFile, Read(file));
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    /// <summary>Stores what the change makes of the state, then shows it.</summary>
    /// <param name="change">Answers the new state, or the same one when there is nothing to change, and a
    /// result.</param>
    /// <exception cref="IOException">The disk refuses; the state is as before.</exception>
    public TResult Change<TResult>(Func<RegistryState, (RegistryState State, TResult Result)> change)
    {
        lock (changing)
        {
            var (state, result) = change(this.state);
            if (!ReferenceEquals(state, this.state))
            {
                AtomicFile.Write(
                    disk, file, JsonSerializer.SerializeToUtf8Bytes(state, RegistryJson.Default.RegistryState));
                Volatile.Write(ref this.state, state);
            }
            return result;
        }
    }

    public void Dispose() => lockFile.Dispose();

    private static RegistryState Read(string file)
    {
        if (!File.Exists(file))
        {
            return RegistryState.Empty;
        }
        try
        {
            var bytes = File.ReadAllBytes(file);
            var format = JsonSerializer.Deserialize(bytes, RegistryJson.Default.RegistryFormat)?.FormatVersion
                ?? throw new JsonException("it is empty");
            var state = format switch
            {
                RegistryState.CurrentFormatVersion =>
                    JsonSerializer.Deserialize(bytes, RegistryJson.Default.RegistryState)!,
                RegistryStateFormat1.FormatVersion =>
                    JsonSerializer.Deserialize(bytes, RegistryJson.Default.RegistryStateFormat1)!.Upgrade(),
                _ => throw new BrokerStartException($"{file} has format {format}, this release reads up to "
                    + $"{RegistryState.CurrentFormatVersion}. Use the release that wrote it."),
            };
            return state with { Subjects = state.Subjects.WithComparers(StringComparer.Ordinal) };
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException(
                $"{file} cannot be read ({exception.Message}). Records refer to the schemas in it: restore it from a "
                + "backup.",
                exception);
        }
    }
}
