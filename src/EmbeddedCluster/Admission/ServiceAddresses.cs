using System.Globalization;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>Gives cluster addresses (10.43.0.0/16) to services, each once. Safe for concurrent use.</summary>
internal sealed class ServiceAddresses
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _taken = ["10.43.0.1", "10.43.0.10"];
    private int _next = 0x0100;

    /// <summary>An address nobody has.</summary>
    public string Take()
    {
        lock (_lock)
        {
            while (true)
            {
                _next = (_next + 0x1d) % 0xfffe;
                var address = string.Create(CultureInfo.InvariantCulture, $"10.43.{_next >> 8}.{_next & 0xff}");
                if ((_next & 0xff) is not (0 or 0xff) && _taken.Add(address))
                {
                    return address;
                }
            }
        }
    }

    /// <summary>Keeps an address that a service asked for or had; false when another has it.</summary>
    public bool Reserve(string address)
    {
        lock (_lock)
        {
            return _taken.Add(address);
        }
    }

    /// <summary>The service is gone: its address is free again.</summary>
    public void Release(string address)
    {
        lock (_lock)
        {
            _taken.Remove(address);
        }
    }
}
