namespace Runner.Web.Components.Models.Configuration;

/// <summary>The last answer, for as long as what it was made of is the same: a page asks for it at every drawing.</summary>
internal sealed class Remembered<TKey, TValue>(Func<TKey, TValue> make)
    where TKey : IEquatable<TKey>
{
    private (TKey Key, TValue Value)? _last;

    /// <summary>The answer for a key; made anew only where the last one was for another.</summary>
    public TValue For(TKey key)
    {
        if (_last is not { } last || !last.Key.Equals(key))
        {
            _last = last = (key, make(key));
        }

        return last.Value;
    }
}
