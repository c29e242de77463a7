using System.Text.Json;

namespace Alloc.Broker.Storage;

/// <summary>Contents of <c>broker.json</c>.</summary>
/// <param name="FormatVersion">Layout of the directory.</param>
/// <param name="ClusterId">The cluster's identity.</param>
/// <param name="BootId">The machine's boot in which the directory was used last; empty if the system does not
/// tell.</param>
internal sealed record StoredBroker(int FormatVersion, string ClusterId, string BootId);

/// <summary>The broker's directory: locked for one process, with a format version and an identity.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const int FormatVersion = 1;
    private const string FileName = "broker.json";
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";
    private readonly FileStream lockFile;
    private readonly string file;
    private readonly StoredBroker identity;
    private readonly bool isStored;

    private DataDirectory(
        FileStream lockFile, string file, StoredBroker identity, bool isStored, RecoveryMode recoveryMode)
    {
        this.lockFile = lockFile;
        this.file = file;
        this.identity = identity;
        this.isStored = isStored;
        RecoveryMode = recoveryMode;
    }

    public string ClusterId => identity.ClusterId;

    public RecoveryMode RecoveryMode { get; }

    /// <summary>Locks a directory, making it if it is not there.</summary>
    /// <exception cref="BrokerStartException">Another process has it, or it cannot be used.</exception>
    public static DataDirectory Open(string path)
    {
        FileStream lockFile;
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException(
                $"The data directory {path} cannot be made: {exception.Message} Name another one.", exception);
        }
        try
        {
            lockFile = new FileStream(
                Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new BrokerStartException(
                $"The data directory {path} cannot be written: {exception.Message} Change its owner or name another "
                + "one.", exception);
        }
        catch (IOException exception)
        {
            throw new BrokerStartException(
                $"The data directory {path} is in use by another process. Stop that one, or name another directory.",
                exception);
        }
        try
        {
            return Identify(path, lockFile);
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    /// <summary>Takes note, after recovery, of the boot in which the directory is used from now on.</summary>
    /// <exception cref="BrokerStartException">The directory cannot be written.</exception>
    public void MarkRecovered(Disk disk)
    {
        if (isStored)
        {
            return;
        }
        try
        {
            AtomicFile.Write(
                disk, file, JsonSerializer.SerializeToUtf8Bytes(identity, StorageJson.Default.StoredBroker));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException(
                $"{file} cannot be written: {exception.Message} Free some space or name another directory.", exception);
        }
    }

    public void Dispose() => lockFile.Dispose();

    private static DataDirectory Identify(string path, FileStream lockFile)
    {
        var file = Path.Combine(path, FileName);
        var bootId = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "";
        StoredBroker? stored = null;
        try
        {
            stored = File.Exists(file)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(file), StorageJson.Default.StoredBroker)
                : null;
        }
        catch (JsonException exception)
        {
            throw new BrokerStartException(
                $"{file} is damaged ({exception.Message}); remove it to give the broker a new identity.",
                exception);
        }
        if (stored is not null && stored.FormatVersion != FormatVersion)
        {
            throw new BrokerStartException(
                $"The data directory {path} has format {stored.FormatVersion}, this broker reads "
                + $"{FormatVersion}. Use the release that wrote it, or name another directory.");
        }
        var mode = stored is null || stored.BootId == bootId ? RecoveryMode.SameBoot : RecoveryMode.NewBoot;
        var next = new StoredBroker(FormatVersion, stored?.ClusterId ?? NewClusterId(), bootId);
        return new DataDirectory(lockFile, file, next, isStored: next == stored, mode);
    }

    /// <summary>22 characters of base64url, as Kafka's cluster ids: from the system's randomness, as it names and
    /// decides nothing.</summary>
    private static string NewClusterId()
    {
        return Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }
}
