using System.Net;
using System.Net.Sockets;

namespace Alloc.Tests.Support;

/// <summary>
/// Ports of loopback that stay free for the test that was given them, also while nobody listens on them: between
/// choosing a port and using it, and while a server is killed and started again.
/// </summary>
/// <remarks>
/// They lie below the range from which the system takes the ports of outgoing connections and of listeners that ask for
/// any, so no client takes one in between; and each is leased by an exclusive lock on a file, so no other test process
/// does. A lease ends with the process, however it ends.
/// </remarks>
internal static class LeasedPorts
{
    private const int Lowest = 10_000;
    private static readonly Lock Gate = new();
    private static readonly List<FileStream> Leases = [];
    private static readonly string Directory = Path.Combine(Path.GetTempPath(), "alloc-test-ports");
    private static readonly int End = EphemeralBegin();
    private static int next = Lowest + (Environment.ProcessId * 37 % (End - Lowest));

    /// <summary>The first of so many ports in a row that nobody listens on and nobody else is given.</summary>
    /// <exception cref="InvalidOperationException">None is left.</exception>
    public static int Take(int count = 1)
    {
        lock (Gate)
        {
            System.IO.Directory.CreateDirectory(Directory);
            for (var tried = 0; tried < End - Lowest; tried++)
            {
                var first = next;
                next = next + count >= End ? Lowest : next + count;
                if (first + count <= End && TryLease(first, count))
                {
                    return first;
                }
            }
        }
        throw new InvalidOperationException($"No free port of loopback is left between {Lowest} and {End}.");
    }

    private static bool TryLease(int first, int count)
    {
        var leases = new List<FileStream>(count);
        for (var port = first; port < first + count; port++)
        {
            if (TryLease(port) is not { } lease)
            {
                leases.ForEach(l => l.Dispose());
                return false;
            }
            leases.Add(lease);
        }
        Leases.AddRange(leases);
        return true;
    }

    private static FileStream? TryLease(int port)
    {
        FileStream lease;
        try
        {
            lease = new FileStream(
                Path.Combine(Directory, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return lease;
        }
        catch (SocketException)
        {
            lease.Dispose();
            return null;
        }
    }

    // Linux tells where its range begins; elsewhere it begins at 49152 (RFC 6335) or above this.
    private static int EphemeralBegin()
    {
        const string range = "/proc/sys/net/ipv4/ip_local_port_range";
        var begin = File.Exists(range) ? int.Parse(File.ReadAllText(range).Split()[0], null) : 32_768;
        return begin > Lowest + 1_000
            ? begin
            : throw new InvalidOperationException(
                $"Tests need ports below those of outgoing connections, which begin at {begin} here ({range}).");
    }
}
