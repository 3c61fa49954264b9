namespace Runner.Web.Components.Models.Configuration;

/// <summary>States that can be gone back to, the newest first. Of more than it holds the oldest are forgotten.</summary>
internal sealed class UndoHistory<T>(int most)
{
    private readonly LinkedList<T> _states = [];

    public int Count => _states.Count;

    public void Push(T state)
    {
        _states.AddLast(state);
        if (_states.Count > most)
        {
            _states.RemoveFirst();
        }
    }

    /// <summary>Takes the newest.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryPop(out T state)
    {
        if (_states.Last is not { } newest)
        {
            state = default!;
            return false;
        }

        _states.RemoveLast();
        state = newest.Value;
        return true;
    }

    public void Clear() => _states.Clear();
}
