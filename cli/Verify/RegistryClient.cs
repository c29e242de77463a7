using Alloc.Cli.CommandLine;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Verify;

/// <summary>Opens the schema registry that the options name.</summary>
internal static class RegistryClient
{
    // Random parts of 0.2, 0.4, 0.8, 1.6 and then 2 s: some 25 s in all.
    private const int PatientAttempts = 26;
    private const int Attempts = 4;

    /// <param name="settings">Where the registry is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isPatient">Whether to outlast a restart of the registry.</param>
    public static GuardedRegistryClient Open(ClientSettings settings, TimeProvider time, bool isPatient = false) =>
        Clients.Registry.RunClient(settings, time, isPatient ? PatientAttempts : Attempts);
}
