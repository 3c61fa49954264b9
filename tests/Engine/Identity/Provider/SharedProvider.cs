namespace Runner.Tests.Engine.Identity.Provider;

/// <summary>One provider for the tests of a class, as it takes a second to start.</summary>
public sealed class SharedProvider : IAsyncLifetime
{
    private OutsideProvider? _provider;

    public async ValueTask InitializeAsync() => _provider = await OutsideProvider.StartAsync();

    /// <summary>The provider, behaving well.</summary>
    internal async Task<OutsideProvider> AsFromTheStartAsync()
    {
        await _provider!.BeAsync("");
        return _provider;
    }

    public async ValueTask DisposeAsync()
    {
        if (_provider is not null)
        {
            await _provider.DisposeAsync();
        }
    }
}
