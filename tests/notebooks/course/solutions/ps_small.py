# %% [markdown]
# # Small problem set


# %% locked="setup"
class Check:
    """Give full marks to a function that maps 2 to 4."""

    def __call__(self, name, function):
        """Return the marks; the number does not matter here."""
        return {"double": 60.0, "square": 35.0}[name] if function(2.0) == 4.0 else 0.0

    hidden = __call__


check = Check()

# %% [markdown]
# ## 1 Double a number


# %% solution="double"
def double(x):
    """Return twice `x`."""
    ### BEGIN SOLUTION
    twice_the_number = x + x
    return twice_the_number
    ### END SOLUTION


# %% test="double" points=60
check("double", double)

# %% [markdown]
# ## 2 Square a number


# %% solution="square"
def square(x, power=2):
    """Return `x` squared."""
    ### BEGIN SOLUTION
    return x**power
    ### END SOLUTION


# %% test="square" points=35
check("square", square)

# %% [markdown]
# ## 3 Why twice?

# %% [markdown] written="why_twice" points=5
# Because two halves make a whole.
#
# Rubric: 5 points for the whole.
