"""How far an explaining map can be believed, on lesions that the networks it explains never saw.

=================  =================================================================================
``baselines``      maps that know nothing of the networks: what must be beaten
``subjects``       a held-out crop, the same mass off the centre, and who may read it
``off_centre``     crops with the mass towards a corner, cut from the film
``deletion``       does the answer go with what the map names, and come with it
``replacing``      what takes the place of what is deleted: blur, in-painting
``localisation``   does the map lie in the box of the mass
``randomisation``  does the map go when the weights go
``repeatability``  does the map stay under small shifts, and from member to member
``two_views``      do the maps of CC and MLO agree
``measures``       all figures by name, and what they mean
``measuring``      one method on one crop
``ledger``         what was measured so far
``study``          all methods on a sample of lesions
``table``          means, intervals, differences from the baselines
``choice``         the rule by which the default is chosen
``outputs``        JSON, CSV and Markdown
``chart``          the picture
=================  =================================================================================
"""
