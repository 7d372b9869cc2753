# %% [markdown]
# # A small lecture
#
# A doubled number, and its figure.

# %%
import matplotlib.pyplot as plt
import numpy as np

from rnnref.course.plots import show

# %% tags=["hide-input"]
# %matplotlib inline
figure, axes = plt.subplots()
axes.plot(2 * np.arange(3))
show(figure, alt="A straight line from 0 to 4.")
